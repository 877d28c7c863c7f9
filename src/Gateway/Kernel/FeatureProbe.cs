using Gateway.Kernel.Netlink;
using Gateway.Kernel.Rules;
using Gateway.Kernel.Services;

namespace Gateway.Kernel;

/// <summary>Finds out what the kernel can do by asking it to check rules and to make none.</summary>
/// <param name="WhyNotDirect">Why nothing can be forwarded directly; null when it can.</param>
/// <param name="WhyNotNat">Why nothing can be translated; null when it can.</param>
/// <param name="TableFlags">How tables are held: owned and persistent, owned, or neither.</param>
internal sealed record FeatureProbe(string? WhyNotDirect, string? WhyNotNat, uint TableFlags)
{
    private const string Trial = "gateway_trial";

    public static FeatureProbe Run(NetlinkSocket socket)
    {
        var flags = NftDelta.OwnedAndPersistent;
        foreach (var weaker in new[] { NftDelta.Owned, 0u })
        {
            if (Try(socket, TableFamily.Inet, flags) is null)
            {
                break;
            }

            flags = weaker;
        }

        var direct = FirstMissing(socket, flags, TableFamily.Netdev,
        [
            ("numbered slots (CONFIG_NFT_NUMGEN)", new SetMark(new Turn(2))),
            ("hashes (CONFIG_NFT_HASH)", new SetMark(new Hash(Headers.Source(false), 2, 1))),
            ("forwarding at ingress (CONFIG_NFT_FWD_NETDEV)", new ForwardTo(false, Headers.Source(false), new Constant(1))),
            ("resets at ingress (CONFIG_NFT_REJECT_NETDEV)", Simple.Reset),
        ]);
        var nat = FirstMissing(socket, flags, TableFamily.Inet,
        [
            ("numbered slots (CONFIG_NFT_NUMGEN)", new SetMark(new Turn(2))),
            ("hashes (CONFIG_NFT_HASH)", new SetMark(new Hash(Headers.Source(false), 2, 1))),
            ("connection marks (CONFIG_NFT_CT, CONFIG_NF_CONNTRACK_MARK)", new SetConnectionMark(new Constant(1))),
            ("address translation (CONFIG_NFT_NAT)", new TranslateTo(false, Headers.Source(false).Then(Headers.SourcePort))),
            ("masquerading (CONFIG_NFT_MASQ)", Simple.Masquerade),
        ]);
        return new FeatureProbe(direct, nat, flags);
    }

    private static string? FirstMissing(
        NetlinkSocket socket, uint flags, TableFamily family, (string Name, Statement Statement)[] needed)
    {
        // All at once first: each refusal makes the kernel wait until no packet uses what it undoes.
        if (Try(socket, family, flags, [.. needed.Select(feature => feature.Statement)]) is null)
        {
            return null;
        }

        if (Try(socket, family, flags) is { } refusal)
        {
            return refusal.Error == NetlinkException.NotPermitted
                ? "this process may not change the kernel's rules: it needs the capability NET_ADMIN"
                : $"the kernel has no nf_tables of family {(family == TableFamily.Netdev ? "netdev" : "inet")} ({refusal.Message})";
        }

        foreach (var (name, statement) in needed)
        {
            if (Try(socket, family, flags, statement) is { } missing)
            {
                return $"the kernel does not have {name} ({missing.Message})";
            }
        }

        return null;
    }

    private static NetlinkException? Try(NetlinkSocket socket, TableFamily family, uint flags, params Statement[] statements)
    {
        var table = new NftTable(family, Trial);
        foreach (var (index, statement) in statements.Index())
        {
            var hook = statement == Simple.Masquerade ? ChainHook.Postrouting : statement is TranslateTo ? ChainHook.Prerouting : null;
            table.Add(new NftChain($"trial_{index}", hook)).Add(statement);
        }

        var batch = new NftBatch(socket);
        NftDelta.Write(batch, null, table, flags);
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
