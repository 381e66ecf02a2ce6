"""Load on `obscura serve`: many clients, a server that is killed, and hostile uploads."""
