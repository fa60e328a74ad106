"""What the documentation says is tried out: cells, commands, links, figures."""
