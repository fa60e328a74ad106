"""Sockets and streams, in one process."""
