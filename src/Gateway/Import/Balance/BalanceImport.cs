namespace Gateway.Import.Balance;

/// <summary>Translates scripts that call <c>balance</c>, one call a line.</summary>
internal static class BalanceImport
{
    public static double Likeness(SourceText text) => ImportFormats.ShareOfLines(text, line => ShellLine.Calls(line, "balance"));

    public static IReadOnlyList<Statement> Read(SourceText text, Draft draft)
    {
        var blueprint = new Blueprint(draft);
        var lines = ShellLine.Read(text);
        foreach (var line in lines)
        {
            if (ShellLine.CallOf(line.Words, "balance") is not { } arguments)
            {
                line.Impossible("is no call of balance");
            }
            else if (BalanceArguments.Parse(arguments, isOurs: false, out var errors) is { } call)
            {
                // Every word is looked at there.
                line.Rest(1);
                line.Same();
                foreach (var (verdict, note) in BalanceDraft.Write(call, blueprint, Blueprint.AtLine(line.Line, line.Text)))
                {
                    line.Judge(verdict, note);
                }
            }
            else
            {
                line.Impossible(string.Join(' ', errors));
            }
        }

        return lines;
    }
}
