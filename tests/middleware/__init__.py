"""Middleware without a kernel: a session with a fake shell."""
