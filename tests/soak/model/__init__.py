"""The stateful model: the program is led through thousands of random steps, and what came of them is compared with a belief."""
