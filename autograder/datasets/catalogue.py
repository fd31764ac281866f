"""All data sets by name."""

from autograder.datasets import cats_dogs, cifar10, vgg16

RECIPES = {recipe.name: recipe for recipe in (cats_dogs.RECIPE, cifar10.RECIPE, vgg16.RECIPE)}
