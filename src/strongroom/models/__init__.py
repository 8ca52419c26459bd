"""The ML models: what there is (zoo), where it is kept (store), and how it runs."""
