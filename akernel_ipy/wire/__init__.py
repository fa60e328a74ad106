"""Sockets and streams: how messages enter and leave the process."""
