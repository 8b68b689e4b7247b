package kernel

// commands is the page for "?".
const commands = `Cells are Go. Imports, functions, types, constants and the variables above a cell's first statement persist; each cell is a
program of its own, so variables are computed anew and what statements assign ends with the cell. The value of a last line that is
an expression is shown, unless it ends in a semicolon. Missing imports of the standard library are added. A process that a cell
leaves in the background goes on until the kernel ends if its output is not the cell's; otherwise it ends with the cell.

  name?            what is known of a name (also Shift+Tab)
  %%               statements begin here (they need not be told)
  %args …          arguments of the cell's program
  %clear           clears the cell's output
  %env NAME=VALUE  sets a variable of the environment
  %cd FOLDER       changes the folder
  %ls, %rm NAME, %reset   what is declared; forget some; forget all
  %test            runs the cell's tests
  %with_inputs     lets the next ! command ask for input
  gonbui.RequestInput("name? ", false)   asks for a line, which fmt.Scan and the like then read; unasked, they wait for ever
  %capture FILE    keeps the output in a file
  %%bash, %%script PROGRAM, %%writefile FILE   the whole cell is something else
  !command         runs a command of the shell; !*command in the module of the cells (!*go get example.com/module)
  %help            all the commands of GoNB
`
