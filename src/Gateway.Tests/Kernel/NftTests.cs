using Gateway.Kernel.Netlink;
using Gateway.Kernel.Rules;
using Gateway.Tests.Support;

namespace Gateway.Tests.Kernel;

/// <summary>What nft and the kernel itself say to the rule sets.</summary>
public sealed class NftTests : IDisposable
{
    private readonly NetworkNamespace? _namespace;

    public NftTests()
    {
        if (NetworkNamespace.WhyNot is not null)
        {
            return;
        }

        _namespace = new NetworkNamespace("nft");
        _namespace.Ip("link add eth0 type veth peer name eth1");
        _namespace.Ip("link set eth0 up");
        _namespace.Ip("link set eth1 up");
    }

    [NamespaceFact]
    public void Text_OfAllSituations_IsAcceptedByNft()
    {
        foreach (var (name, situation) in Situations.All)
        {
            var text = string.Concat(situation().Tables().Select(table => table.ToText()));

            var failure = Record.Exception(() => _namespace!.ExecWith(text, "nft", "--check", "-f", "-"));

            Assert.True(failure is null, $"{name}: {failure?.Message}");
        }
    }

    [NamespaceFact]
    public void Delta_FromEachSituationToTheNext_IsTakenByTheKernel()
    {
        using var socket = _namespace!.Inside(() => new NetlinkSocket(NetlinkSocket.Netfilter));
        var before = new Dictionary<TableFamily, NftTable>();
        foreach (var (name, situation) in Situations.All.Concat(Situations.All.Reverse()))
        {
            var after = situation().Tables().ToDictionary(table => table.Family);

            var batch = new NftBatch(socket);
            foreach (var family in before.Keys.Union(after.Keys))
            {
                NftDelta.Write(batch, before.GetValueOrDefault(family), after.GetValueOrDefault(family));
            }

            var failure = Record.Exception(batch.Commit);

            Assert.True(failure is null, $"to {name}: {failure?.Message}");
            failure = Record.Exception(() => _namespace.Exec("nft", "list", "ruleset"));
            Assert.True(failure is null, $"nft cannot list {name}: {failure?.Message}");
            before = after;
        }
    }

    [NamespaceFact]
    public void Delta_FromTableWithSlotsOfNoSize_ReplacesThemAndKeepsFlows()
    {
        using var socket = _namespace!.Inside(() => new NetlinkSocket(NetlinkSocket.Netfilter));
        var wanted = Situations.All["direct-rr"]().Tables().Single();
        var old = new NftTable(wanted.Family, wanted.Name);
        wanted.Counters.ForEach(old.AddCounter);
        wanted.Sets.ToList().ForEach(set => old.Add(set with { Capacity = 0 }));
        wanted.Chains.ToList().ForEach(chain => old.Add(chain));
        Commit(null, old);
        _namespace!.Exec("nft", "add", "element", "netdev", "gateway", "web_4_relayed", "{ 10.77.0.2 . 1000 . 80 timeout 60s }");

        Commit(new NftReader(socket).Find(wanted.Family, wanted.Name), wanted);

        var found = new NftReader(socket).Find(wanted.Family, wanted.Name)!;
        Assert.All(wanted.Sets, set => Assert.True(set.IsLaidOutAs(found.Sets.Single(other => other.Name == set.Name)), set.Name));
        Assert.Contains("10.77.0.2 . 1000 . 80", _namespace.Exec("nft", "list", "set", "netdev", "gateway", "web_4_relayed"), StringComparison.Ordinal);

        void Commit(NftTable? before, NftTable after)
        {
            var batch = new NftBatch(socket);
            NftDelta.Write(batch, before, after, flags: 0, takeOver: true);
            batch.Commit();
        }
    }

    public void Dispose() => _namespace?.Dispose();
}
