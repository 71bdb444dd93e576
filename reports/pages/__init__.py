"""What people look at: the page templates, their style and script, and what fills them."""
