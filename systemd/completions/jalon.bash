# bash: asked of the program itself, so that they agree with it.
eval "$(jalon completions bash)"
