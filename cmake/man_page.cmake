# cmake -D PROGRAM=<tideway> -D PAGE=<file> -D VERSION=<version> -P man_page.cmake
# Writes <file>.gz, the manual page of the program: its own help, so that both say the same.
execute_process(COMMAND ${PROGRAM} --help-all OUTPUT_VARIABLE help COMMAND_ERROR_IS_FATAL ANY)
# What troff would take for its own: backslashes, and a dot or quote that begins a line.
string(REPLACE "\\" "\\e" help "${help}")
string(REGEX REPLACE "\n([.'])" "\n\\\\&\\1" help "${help}")
string(REPLACE "-" "\\-" help "${help}")
file(WRITE ${PAGE} ".TH TIDEWAY 1 \"\" \"tideway ${VERSION}\" \"User Commands\"
.SH NAME
tideway \\- native flow runtime that reproduces the Power Automate model
.SH SYNOPSIS
.B tideway
[\\fIOPTIONS\\fR] \\fISUBCOMMAND\\fR
.SH DESCRIPTION
The commands talk to the server of the environment in the data folder: \\fB\\-\\-data\\fR, else
\\fITIDEWAY_DATA\\fR, else \\fI./tideway\\-data\\fR where it is, else \\fI/var/lib/tideway\\fR.
Documentation is in \\fI/usr/share/doc/tideway\\fR.
.PP
.nf
${help}.fi
.SH EXIT STATUS
0 when the command did what it says, else 1 with the cause and a remedy on standard error.
.SH SEE ALSO
.BR systemctl (1),
.BR journalctl (1)
")
execute_process(COMMAND gzip --best --no-name --force ${PAGE} COMMAND_ERROR_IS_FATAL ANY)
