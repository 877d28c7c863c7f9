using Gateway.Kernel.Netlink;
using Gateway.Kernel.Rules;
using Gateway.Kernel.Services;

namespace Gateway.Kernel;

/// <summary>Finds out what the kernel can do by asking it to check rules and to make none.</summary>
/// <param name="WhyNotDirect">Why nothing can be forwarded directly; null when it can.</param>
/// <param name="WhyNotNat">Why nothing can be translated; null when it can.</param>
/// <param name="WhyNotStateless">Why nothing can be translated without connection tracking; null when it can.</param>
/// <param name="TableFlags">How tables are held: owned and persistent, owned, or neither.</param>
internal sealed record FeatureProbe(string? WhyNotDirect, string? WhyNotNat, string? WhyNotStateless, uint TableFlags)
{
    private const string Trial = "gateway_trial";

    private static readonly (string Name, Statement Statement)[] _direct =
    [
        ("numbered slots (CONFIG_NFT_NUMGEN)", new SetMark(new Turn(2))),
        ("hashes (CONFIG_NFT_HASH)", new SetMark(new Hash(Headers.Source(false), 2, 1))),
        ("forwarding at ingress (CONFIG_NFT_FWD_NETDEV)", new ForwardTo(false, Headers.Source(false), new Constant(1))),
        ("resets at ingress (CONFIG_NFT_REJECT_NETDEV)", Simple.Reset),
    ];

    private static readonly (string Name, Statement Statement)[] _nat =
    [
        ("numbered slots (CONFIG_NFT_NUMGEN)", new SetMark(new Turn(2))),
        ("hashes (CONFIG_NFT_HASH)", new SetMark(new Hash(Headers.Source(false), 2, 1))),
        ("connection marks (CONFIG_NFT_CT, CONFIG_NF_CONNTRACK_MARK)", new SetConnectionMark(new Constant(1))),
        ("address translation (CONFIG_NFT_NAT)", new TranslateTo(false, Headers.Source(false).Then(Headers.SourcePort))),
        ("masquerading (CONFIG_NFT_MASQ)", Simple.Masquerade),
    ];

    private static readonly (string Name, Statement Statement)[] _stateless =
    [
        ("numbered slots (CONFIG_NFT_NUMGEN)", new SetMark(new Turn(2))),
        ("hashes (CONFIG_NFT_HASH)", new SetMark(new Hash(Headers.Source(false), 2, 1))),
        ("packets that are not tracked (CONFIG_NFT_CT)", Simple.NotTracked),
        ("fragments that are put together (CONFIG_NFT_TPROXY)", Simple.Reassembled),
        ("resets (CONFIG_NFT_REJECT_INET)", Simple.Reset),
    ];

    public static FeatureProbe Run(NetlinkSocket socket)
    {
        // All at once first: each trial makes the kernel wait, ten milliseconds or so, until no packet uses what it undoes.
        if (Try(socket, NftDelta.OwnedAndPersistent, TableOf(TableFamily.Netdev, _direct), TableOf(TableFamily.Inet, [.. _nat, .. _stateless])) is null)
        {
            return new FeatureProbe(null, null, null, NftDelta.OwnedAndPersistent);
        }

        var flags = NftDelta.OwnedAndPersistent;
        foreach (var weaker in new[] { NftDelta.Owned, 0u })
        {
            if (Try(socket, flags, TableOf(TableFamily.Inet)) is null)
            {
                break;
            }

            flags = weaker;
        }

        return new FeatureProbe(
            FirstMissing(socket, flags, TableFamily.Netdev, _direct), FirstMissing(socket, flags, TableFamily.Inet, _nat),
            FirstMissing(socket, flags, TableFamily.Inet, _stateless), flags);
    }

    private static string? FirstMissing(
        NetlinkSocket socket, uint flags, TableFamily family, (string Name, Statement Statement)[] needed)
    {
        if (Try(socket, flags, TableOf(family, needed)) is null)
        {
            return null;
        }

        if (Try(socket, flags, TableOf(family)) is { } refusal)
        {
            return refusal.Error == NetlinkException.NotPermitted
                ? "this process may not change the kernel's rules: it needs the capability NET_ADMIN"
                : $"the kernel has no nf_tables of family {(family == TableFamily.Netdev ? "netdev" : "inet")} ({refusal.Message})";
        }

        foreach (var feature in needed)
        {
            if (Try(socket, flags, TableOf(family, feature)) is { } missing)
            {
                return $"the kernel does not have {feature.Name} ({missing.Message})";
            }
        }

        return null;
    }

    private static NftTable TableOf(TableFamily family, params (string Name, Statement Statement)[] features)
    {
        var table = new NftTable(family, Trial);
        for (var i = 0; i < features.Length; i++)
        {
            var statement = features[i].Statement;
            var hook = statement == Simple.Masquerade ? ChainHook.Postrouting : statement is TranslateTo ? ChainHook.Prerouting : null;
            table.Add(new NftChain($"trial_{i}", hook)).Add(statement);
        }

        return table;
    }

    private static NetlinkException? Try(NetlinkSocket socket, uint flags, params NftTable[] tables)
    {
        var batch = new NftBatch(socket);
        foreach (var table in tables)
        {
            NftDelta.Write(batch, null, table, flags);
        }

        try
        {
            batch.Check();
            return null;
        }
        catch (NetlinkException e)
        {
            return e;
        }
    }
}
