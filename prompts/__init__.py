"""The texts that a chat model is given, one Markdown file each, with named variables."""
