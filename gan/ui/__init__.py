"""The page in the browser: one module per tab, `demo` puts them together. Nothing here trains."""
