"""The demo: a bundled stream of 2021 and 2022, played to the real daemon in quick motion."""
