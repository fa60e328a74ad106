"""What stands between a request and the shell: each one is ``async (run, inner) -> Outcome``."""
