namespace Gateway.Import.Haproxy;

/// <summary>What the rules <c>http-check</c> and <c>tcp-check</c> have in common.</summary>
internal static class CheckRule
{
    private static readonly string[] _results = ["ok-status", "error-status", "tout-status", "on-success", "on-error", "status-code"];

    /// <summary>Reads <c>connect</c>, but for its TLS.</summary>
    public static void Connect(Draft probe, Statement line)
    {
        line.Same();
        _ = line.Has("default");
        _ = line.Has("linger");
        _ = line.After("comment");
        if (line.After("port") is { } word)
        {
            if (Words.Port(word) is { } port)
            {
                probe.Set("Port", port);
            }
            else
            {
                line.Approximated($"'{word}' is no port; the server's own is probed");
            }
        }

        if (line.Has("send-proxy"))
        {
            line.Approximated("send-proxy: probes send no PROXY protocol");
        }
    }

    /// <summary>What an <c>expect</c> looks for: its words behind those that say how it is told.</summary>
    /// <param name="line">The rule.</param>
    /// <param name="from">Where the word behind <c>expect</c> is.</param>
    public static List<string> Expected(Statement line, int from)
    {
        var words = line.Rest(from).ToList();
        while (words.Count > 2 && (words[0] is "comment" or "min-recv" || _results.Contains(words[0])))
        {
            if (words[0] != "comment")
            {
                line.Approximated(words[0] == "min-recv" ? "min-recv: an answer is looked at as its bytes come"
                    : $"{words[0]}: results are told in Gateway's own words, and pass or fail");
            }

            words.RemoveRange(0, 2);
        }

        return words;
    }
}
