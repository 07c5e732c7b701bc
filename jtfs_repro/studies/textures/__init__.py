"""Resynthesis of textures, scale–rate pictures: Section 5 of the DAFx paper."""
