"""Sites with two tenants, run by test_tenants.py in processes of their own."""
