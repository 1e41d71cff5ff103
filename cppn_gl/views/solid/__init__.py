"""3D views: surfaces and volumes, seen by an orbiting camera."""
