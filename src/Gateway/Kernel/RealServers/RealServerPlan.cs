using System.Net;
using System.Net.Sockets;
using Gateway.Kernel.Rules;
using Gateway.Kernel.Services;

namespace Gateway.Kernel.RealServers;

/// <summary>What a destination of direct forwarding needs, as commands that a person can read and run.</summary>
/// <remarks>Replaces the recipe with <c>arptables</c>. Sources: the kernel's ip-sysctl document (arp_ignore, arp_announce);
/// the kernel answers neighbour solicitations only for addresses of the interface they came in by, so that IPv6 needs the
/// address on <c>lo</c> and nothing else.</remarks>
internal sealed record RealServerPlan(IReadOnlyList<IPAddress> Addresses, RealServerMethod Method)
{
    /// <summary>The table of <see cref="RealServerMethod.Redirect"/>.</summary>
    public const string TableName = "gateway_realserver";

    private bool HasIPv4 => Addresses.Any(address => address.AddressFamily == AddressFamily.InterNetwork);

    /// <summary>Settings that keep the machine quiet, in the order in which they must be made.</summary>
    public IReadOnlyList<(string Key, int Value)> Settings => Method == RealServerMethod.Arp && HasIPv4
        ? [("net.ipv4.conf.all.arp_ignore", 1), ("net.ipv4.conf.all.arp_announce", 2)]
        : [];

    /// <summary>The commands that set a server up.</summary>
    public string ToText() => Method == RealServerMethod.Arp ? ArpText() : RedirectText();

    /// <summary>The commands that undo it.</summary>
    public string ToUndoText() => Method == RealServerMethod.Arp
        ? string.Concat(Addresses.Select(address => $"ip addr del {address}/{Bits(address)} dev lo\n"))
            + (HasIPv4 ? "# arp_ignore and arp_announce stay as they are: other addresses may need them.\n" : "")
        : $"nft delete table inet {TableName}\n";

    /// <summary>The rules of <see cref="RealServerMethod.Redirect"/>.</summary>
    public NftTable Table()
    {
        var table = new NftTable(TableFamily.Inet, TableName);
        var chain = new NftChain("prerouting", ChainHook.Prerouting);
        foreach (var family in Addresses.GroupBy(address => address.AddressFamily).OrderBy(group => group.Key))
        {
            var isIPv6 = family.Key == AddressFamily.InterNetworkV6;
            var set = table.Add(new NftSet("virtual" + (isIPv6 ? "6" : "4"), Headers.AddressType(isIPv6))
            {
                Elements = [.. family.Distinct().Select(address => new NftElement(new Address(address)))],
            });
            chain.Add(
                new Match(Meta.FamilyOf, true, [(byte)(isIPv6 ? 10 : 2)], isIPv6 ? "meta nfproto ipv6" : "meta nfproto ipv4"),
                new Contained(Headers.Destination(isIPv6), set),
                Simple.Redirect);
        }

        table.Add(chain);
        return table;
    }

    public static int Bits(IPAddress address) => address.AddressFamily == AddressFamily.InterNetworkV6 ? 128 : 32;

    private string ArpText() =>
        (Settings.Count > 0 ? "# Before the address is added: else this machine draws clients to itself.\n" : "")
        + string.Concat(Settings.Select(setting => $"sysctl -w {setting.Key}={setting.Value}\n"))
        + string.Concat(Addresses.Select(address => $"ip addr add {address}/{Bits(address)} dev lo\n"));

    private string RedirectText() => $"nft -f - <<'END'\n{Table().ToText()}END\n";
}
