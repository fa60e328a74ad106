"""What notebooks use, compared with stock ipykernel: libraries, magics, questions, the debugger."""
