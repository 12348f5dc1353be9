"""The test suite of a host site, run by test_host_suites.py in processes of its own."""
