# fish: asked of the program itself, so that they agree with it.
jalon completions fish | source
