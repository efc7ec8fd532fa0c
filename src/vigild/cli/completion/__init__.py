"""`vigil completion`: what a shell offers after TAB."""
