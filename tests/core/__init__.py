"""The pure parts: no event loop but asyncio's, no kernel."""
