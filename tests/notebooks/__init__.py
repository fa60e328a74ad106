"""Plain notebooks, and a front-end that keeps what their cells show."""
