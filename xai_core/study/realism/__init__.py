"""How far phantoms are from real images, in numbers: one file per thing that is measured."""
