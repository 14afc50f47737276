"""A results folder as a document for others to read; `csds.report.formats` has its forms."""
