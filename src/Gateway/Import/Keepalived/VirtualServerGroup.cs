using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Gateway.Import.Keepalived;

/// <summary>A <c>virtual_server_group</c>: addresses, ranges and marks that share one service.</summary>
internal sealed class VirtualServerGroup(Statement block)
{
    /// <summary>Each address of a range becomes a listener; more than this are a packet filter's work.</summary>
    private const int MostAddresses = 256;

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
                statement.Impossible($"is no address and no range of at most {MostAddresses}");
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
    private static List<IPAddress> Expand(string word)
    {
        if (Words.Address(word) is { } single)
        {
            return [single];
        }

        var (from, to) = word.Split('-') is [var first, var last] ? (Number(first), Last(first, last))
            : word.Split('/') is [var network, var bits] && Words.Whole(bits) is >= 24 and <= 32 and var prefix
                ? (Number(network), Number(network) is { } start ? start + (1L << (int)(32 - prefix)) - 1 : null)
            : (null, null);
        return from is { } begin && to is { } end && end >= begin && end - begin < MostAddresses && end <= uint.MaxValue
            ? [.. Enumerable.Range(0, (int)(end - begin) + 1).Select(i => Address((uint)(begin + i)))]
            : [];
    }

    private static long? Last(string first, string last) => last.Contains('.', StringComparison.Ordinal)
        ? Number(last)
        : Number(first[..(first.LastIndexOf('.') + 1)] + last);

    private static long? Number(string word) => Words.Address(word) is { AddressFamily: AddressFamily.InterNetwork } address
        ? BinaryPrimitives.ReadUInt32BigEndian(address.GetAddressBytes()) : null;

    private static IPAddress Address(uint number)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, number);
        return new IPAddress(bytes);
    }
}
