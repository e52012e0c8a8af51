"""What is served by HTTP: for now the page on which readers unsubscribe."""
