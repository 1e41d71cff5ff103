"""Pages for browsers: what a page shows, its scripts and shaders, and the page itself."""
