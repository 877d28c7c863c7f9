using System.Globalization;
using Gateway.Clusters;

namespace Gateway.Probing.Answers;

/// <summary>What an agent on a destination says of it; what it does not mention stays as it was.</summary>
/// <param name="Order">What it asks for; null is not mentioned.</param>
/// <param name="Share">Part of the configured weight, 0 to 10; null is not mentioned.</param>
/// <param name="MaxConnections">A limit of connections; null is not mentioned.</param>
/// <param name="Reason">What the agent gave for a reason.</param>
internal sealed record AgentReply(AgentOrder? Order, double? Share, int? MaxConnections, string Reason = "")
{
    private const int MostPercent = 1000;

    /// <summary>Reads a reply in the words of HAProxy's agent-check: <c>up</c>, <c>ready</c>, <c>drain</c>, <c>maint</c>,
    /// <c>down</c>, <c>failed</c>, <c>stopped</c>, a percentage of the weight and <c>maxconn:</c> with a number, in any
    /// order, with blanks or commas between; after <c>#</c> comes a reason. Null when a word is none of them.</summary>
    /// <remarks>HAProxy's configuration manual, section 5.2, "agent-check".
    /// <example><c>up 75%</c>; <c>drain</c>; <c>down #disk full</c></example></remarks>
    public static AgentReply? Parse(string line)
    {
        var hash = line.IndexOf('#', StringComparison.Ordinal);
        var reason = hash < 0 ? "" : Excerpt.Of(line[(hash + 1)..].Trim());
        var reply = new AgentReply(null, null, null, reason);
        var words = (hash < 0 ? line : line[..hash])
            .Split([' ', '\t', ','], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        foreach (var word in words)
        {
            if (With(reply, word.ToLowerInvariant()) is not { } more)
            {
                return null;
            }

            reply = more;
        }

        return words.Length == 0 ? null : reply;
    }

    /// <summary>Reads the number of Kemp's adaptive agent: the load from 0 (idle) to 100; 101 is down, 102 switched off.
    /// Null when it is none.</summary>
    /// <remarks>A destination under full load keeps a hundredth of its weight: with nothing, it would be drained by its own
    /// success.</remarks>
    public static AgentReply? ParseLoad(string line) => Whole(line.Trim()) switch
    {
        <= 100 and var load => new AgentReply(AgentOrder.Up, Math.Max(1, 100 - load) / 100.0, null, $"load {load}"),
        101 => new AgentReply(AgentOrder.Down, null, null, "load 101"),
        102 => new AgentReply(AgentOrder.Maintenance, null, null, "load 102"),
        _ => null,
    };

    /// <summary>The word that follows from this reply and the one before it.</summary>
    public AgentWord After(AgentWord? before, DateTimeOffset now)
    {
        var order = Order ?? before?.Order ?? AgentOrder.Up;
        return new AgentWord(order, Reason, before?.Order == order ? before.Since : now)
        {
            Share = Share ?? before?.Share ?? 1,
            MaxConnections = MaxConnections ?? before?.MaxConnections,
        };
    }

    private static AgentReply? With(AgentReply reply, string word) => word switch
    {
        "up" or "ready" => reply with { Order = AgentOrder.Up },
        "drain" => reply with { Order = AgentOrder.Drain },
        "maint" => reply with { Order = AgentOrder.Maintenance },
        "down" or "fail" or "failed" or "stopped" => reply with { Order = AgentOrder.Down },
        _ when word.EndsWith('%') => Whole(word[..^1]) is <= MostPercent and var percent
            ? reply with { Share = percent / 100.0 }
            : null,
        _ when word.StartsWith("maxconn:", StringComparison.Ordinal) => Whole(word["maxconn:".Length..]) is { } most
            ? reply with { MaxConnections = most }
            : null,
        _ => null,
    };

    private static int? Whole(string number) =>
        int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var whole) ? whole : null;
}
