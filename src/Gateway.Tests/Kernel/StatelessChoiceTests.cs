using Gateway.Clusters;
using Gateway.Tests.Simulation;

namespace Gateway.Tests.Kernel;

/// <summary>For which virtual servers NAT does without connection tracking, and the reasons of the others, word for word.
/// </summary>
public class StatelessChoiceTests
{
    private const string Two = "a=10.78.0.11:80 b=10.78.0.12:80";
    private const string Vip = "10.77.0.100:80";
    private const string Missing = "the kernel does not have packets that are not tracked (CONFIG_NFT_CT)";

    private static readonly (string Case, Func<Situation> Situation)[] _cases =
    [
        ("alone", () => new Situation().With("web", Vip, "rr", Two, Stateless)),
        ("not asked for", () => new Situation().With("web", Vip, "rr", Two, Nat)),
        ("other ports", () => new Situation().With("web", Vip, "rr", "a=10.78.0.11:8080 b=10.78.0.12:81", Stateless)),
        ("both families", () => new Situation().With("web", $"{Vip} [fd77::100]:80", "sh", $"{Two} c=[fd78::11]:80", Stateless)),
        ("two ports of a family", () => new Situation().With("web", $"{Vip} 10.77.0.100:81 [fd77::100]:80", "rr", $"{Two} c=[fd78::11]:80", Stateless)),
        ("two addresses of a family", () => new Situation().With("web", $"{Vip} 10.77.0.101:80", "rr", Two, Stateless)),
        ("destination of two", () => new Situation().With("web", Vip, "rr", Two, Stateless)
            .With("old", "10.77.0.101:80", "rr", "x=10.78.0.12:80 y=10.78.0.13:80", Stateless)),
        ("destination of one that is tracked", () => new Situation().With("web", Vip, "rr", Two, Stateless).With("old", "10.77.0.101:80", "rr", Two, Nat)),
        ("backup of two", () => new Situation().With("web", Vip, "rr", $"{Two} !sorry=10.78.0.19:80", Stateless)
            .With("old", "10.77.0.101:80", "rr", "x=10.78.0.13:80 !sorry=10.78.0.19:80", Stateless)),
        ("destination of one that masquerades", () => new Situation().With("web", Vip, "rr", Two, Stateless)
            .With("old", "10.77.0.101:80", "rr", Two, s => Nat(s) with { Masquerade = true })),
        ("destination of one that is direct", () => new Situation().With("web", Vip, "rr", "a=10.77.0.11:80", Stateless)
            .With("old", "10.77.0.101:80", "rr", "a=10.77.0.11:80")),
        ("destination of one that is relayed", () => new Situation().With("web", Vip, "rr", Two, Stateless)
            .With("old", "10.77.0.101:80", "rr", Two, s => s with { Forwarding = "relay" })),
        ("destination of one that is relayed as the client", () => new Situation().With("web", Vip, "rr", Two, Stateless)
            .With("old", "10.77.0.101:80", "rr", Two, s => s with { Forwarding = "relay", Transparent = true })),
        ("destination of two, TCP and UDP", () => new Situation().With("web", Vip, "rr", Two, Stateless)
            .With("quic", Vip, "rr", Two, s => Stateless(s) with { Protocol = "udp" })),
        ("address twice, other ports", () => new Situation().With("web", Vip, "rr", "a=10.78.0.11:80 b=10.78.0.11:81", Stateless)),
        ("address and port twice in one cluster", () => new Situation().With("web", Vip, "rr", "a=10.78.0.11:80 b=10.78.0.11:80", Stateless)),
        ("one packet", () => new Situation().With("dns", Vip, "rr", Two, s => Stateless(s) with { Protocol = "udp", OnePacket = true })),
        ("masquerade", () => new Situation().With("web", Vip, "rr", Two, s => Stateless(s) with { Masquerade = true })),
        ("scheduler without a form in the kernel", () => new Situation().With("web", Vip, "dh", Two, Stateless)),
        ("destination on this machine", () => new Situation().With("web", Vip, "rr", "a=10.77.0.101:80", Stateless)),
        ("kernel without a feature", () => Without(new Situation(), Missing, null).With("web", Vip, "rr", Two, Stateless)),
        ("kernel without translation", () => Without(new Situation(), null, "no NAT").With("web", Vip, "rr", Two, Stateless)),
        ("kernel without either", () => Without(new Situation(), Missing, "no NAT").With("web", Vip, "rr", Two, Stateless)),
    ];

    [Fact]
    public void Paths_OfCases_AreAsInTheGoldenFile()
    {
        var lines = _cases.SelectMany(@case =>
        {
            var plan = @case.Situation().Plan();
            return plan.Paths.Select(path => $"{@case.Case} | {path.VirtualServerId} {(path.IsIPv6 ? "IPv6" : "IPv4")} | "
                + $"{(plan.Services.FirstOrDefault(service => service.VirtualServerId == path.VirtualServerId && service.IsIPv6 == path.IsIPv6) switch
                {
                    null => "relayed",
                    { IsStateless: true } => "stateless",
                    { IsDirect: true } => "direct",
                    _ => "tracked",
                })} | {path.Reason}\n");
        });

        Repository.AssertFile("src/Gateway.Tests/Golden/Kernel/stateless-choice.txt", string.Concat(lines));
    }

    private static Situation Without(Situation situation, string? stateless, string? nat)
    {
        situation.Topology = situation.Topology with { WhyNotStateless = stateless, WhyNotNat = nat };
        return situation;
    }

    private static VirtualServerOptions Nat(VirtualServerOptions server) => server with { Forwarding = "nat" };

    private static VirtualServerOptions Stateless(VirtualServerOptions server) => Nat(server) with { Stateless = true };
}
