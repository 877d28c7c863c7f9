using System.Net;
using Gateway.Kernel.RealServers;
using Gateway.Tests.Support;

namespace Gateway.Tests.Kernel;

/// <summary>What destinations of direct forwarding need.</summary>
public sealed class RealServerTests
{
    private static readonly IPAddress[] _both = [IPAddress.Parse("10.77.0.100"), IPAddress.Parse("fd77::100")];

    [Fact]
    public void Text_Arp_SetsQuietBeforeAddresses() => Assert.Equal(
        """
        # Before the address is added: else this machine draws clients to itself.
        sysctl -w net.ipv4.conf.all.arp_ignore=1
        sysctl -w net.ipv4.conf.all.arp_announce=2
        ip addr add 10.77.0.100/32 dev lo
        ip addr add fd77::100/128 dev lo

        """,
        new RealServerPlan(_both, RealServerMethod.Arp).ToText());

    [Fact]
    public void Text_ArpOfIPv6_NeedsNoSetting() => Assert.Equal(
        "ip addr add fd77::100/128 dev lo\n", new RealServerPlan([_both[1]], RealServerMethod.Arp).ToText());

    [Fact]
    public void Text_Undo_NamesWhatStays() => Assert.Equal(
        """
        ip addr del 10.77.0.100/32 dev lo
        # arp_ignore and arp_announce stay as they are: other addresses may need them.

        """,
        new RealServerPlan([_both[0]], RealServerMethod.Arp).ToUndoText());

    [NamespaceTheory]
    [InlineData(RealServerMethod.Arp)]
    [InlineData(RealServerMethod.Redirect)]
    public void Setup_AppliedCheckedUndone_IsRightThenWrongAgain(object method)
    {
        var plan = new RealServerPlan(_both, (RealServerMethod)method);
        using var server = new NetworkNamespace("rs");
        server.Ip("link add eth0 type veth peer name eth1", "link set eth0 up");

        Assert.NotEmpty(server.Inside(() => RealServerSetup.Check(plan)));
        server.Inside(() => RealServerSetup.Apply(plan));
        server.Inside(() => RealServerSetup.Apply(plan));
        Assert.Empty(server.Inside(() => RealServerSetup.Check(plan)));
        server.Inside(() => RealServerSetup.Undo(plan));
        Assert.NotEmpty(server.Inside(() => RealServerSetup.Check(plan)));
    }

    [NamespaceFact]
    public void Check_LoudMachine_NamesInterfaceAndSetting()
    {
        using var server = new NetworkNamespace("rs");
        server.Ip("link add eth0 type veth peer name eth1", "link set eth0 up", "addr add 10.77.0.100/32 dev lo", "-6 addr add fd77::100/128 dev eth0");

        var wrong = server.Inside(() => RealServerSetup.Check(new RealServerPlan(_both, RealServerMethod.Arp)));

        Assert.Contains(wrong, line => line.Contains("arp_ignore is 0, so eth", StringComparison.Ordinal));
        Assert.Contains(wrong, line => line.Contains("fd77::100 is on eth0", StringComparison.Ordinal));
    }

    [NamespaceFact]
    public void Text_Redirect_IsTakenByNft()
    {
        using var server = new NetworkNamespace("rs");

        server.ExecWith(new RealServerPlan(_both, RealServerMethod.Redirect).Table().ToText(), "nft", "-f", "-");

        Assert.Empty(server.Inside(() => RealServerSetup.Check(new RealServerPlan(_both, RealServerMethod.Redirect))));
    }
}
