"""What other programs and csds itself write: tables as text, files that are whole or not there."""
