"""Server-rendered pages for staff, applicants and auditors."""
