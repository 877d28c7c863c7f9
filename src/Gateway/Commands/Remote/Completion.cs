using System.CommandLine;

namespace Gateway.Commands.Remote;

/// <summary><c>gateway completion SHELL</c>: what makes a shell complete the commands and options of Gateway.</summary>
internal static class Completion
{
    // The program itself tells what may follow: '[suggest:POSITION]' is answered by its command line parser.
    private const string Bash = """
        _gateway() {
            local IFS=$'\n'
            COMPREPLY=( $(gateway "[suggest:${COMP_POINT}]" "${COMP_LINE}" 2>/dev/null) )
        }
        complete -o default -F _gateway gateway
        """;

    private const string Zsh = """
        _gateway() {
            local -a found=("${(@f)$(gateway "[suggest:$CURSOR]" "$BUFFER" 2>/dev/null)}")
            compadd -a found
        }
        compdef _gateway gateway
        """;

    public static Command Create(TextWriter output)
    {
        var shell = new Argument<string>("SHELL") { Description = "bash or zsh." };
        shell.AcceptOnlyFromAmong("bash", "zsh");
        var command = new Command("completion", "Prints what makes a shell complete: source <(gateway completion bash).") { shell };
        command.SetAction(parsed => output.WriteLine(parsed.GetValue(shell) == "zsh" ? Zsh : Bash));
        return command;
    }
}
