"""Problems of the package reasoning-gym: drawn in a child process, and scored by the package itself."""
