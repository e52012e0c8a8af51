"""The bundled newsroom: invented outlets on loopback, a mailbox and a hook sink, and two days of news."""
