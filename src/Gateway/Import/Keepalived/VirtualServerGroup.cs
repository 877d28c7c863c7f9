using System.Net;

namespace Gateway.Import.Keepalived;

/// <summary>A <c>virtual_server_group</c>: addresses, ranges and marks that share one service.</summary>
internal sealed class VirtualServerGroup(Statement block)
{
    /// <summary>The addresses of the group; what cannot be one is told.</summary>
    public IReadOnlyList<IPEndPoint> EndPoints()
    {
        var all = new List<IPEndPoint>();
        block.Same();
        foreach (var statement in block.Body)
        {
            if (statement.Name == "fwmark")
            {
                statement.Impossible("a firewall mark is no address to listen on: add what the packet filter marks");
                continue;
            }

            var addresses = Expand(statement.Name);
            if (addresses.Count == 0)
            {
                statement.Impossible($"is no address and no range of at most {AddressRange.Most}");
            }
            else if (Words.Port(statement.Value) is not { } port)
            {
                statement.Impossible("a service of all ports: Gateway listens on ports it knows");
            }
            else
            {
                statement.Same();
                all.AddRange(addresses.Select(address => new IPEndPoint(address, port)));
            }
        }

        return all;
    }

    public void JudgeUnused()
    {
        if (!block.IsJudged)
        {
            block.JudgeAll(Verdict.Same, "used by no virtual server");
        }
    }

    /// <summary>The addresses of <c>10.0.0.1</c>, <c>10.0.0.1-10</c>, <c>10.0.0.1-10.0.0.10</c> or <c>10.0.0.0/29</c>.</summary>
    private static IReadOnlyList<IPAddress> Expand(string word)
    {
        if (Words.Address(word) is { } single)
        {
            return [single];
        }

        return word.Split('-') is [var first, var last]
                ? AddressRange.Between(Words.Address(first), Words.Address(
                    last.Contains('.', StringComparison.Ordinal) ? last : first[..(first.LastIndexOf('.') + 1)] + last))
            : word.Split('/') is [var network, var bits] && Words.Whole(bits) is { } prefix && prefix <= 32
                ? AddressRange.Network(Words.Address(network), (int)prefix)
            : [];
    }
}
