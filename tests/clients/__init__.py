"""Front-ends without a page: nbclient, papermill, nbconvert and the console, unpatched."""
