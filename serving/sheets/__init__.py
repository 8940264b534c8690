"""Sheets: a list as people read it, filtered, by township and page by page."""
