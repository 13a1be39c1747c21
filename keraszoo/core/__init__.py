"""What every model of the zoo rests on: the contract of a model, its gate, its updates, and the loop that trains it."""
