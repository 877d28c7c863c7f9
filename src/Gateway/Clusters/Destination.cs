using System.Net;

namespace Gateway.Clusters;

/// <summary>One destination as it stands in one snapshot: immutable but for the counters on <see cref="State"/>.</summary>
internal sealed class Destination
{
    /// <param name="clusterId">Its cluster.</param>
    /// <param name="options">What the configuration says of it.</param>
    /// <param name="standing">The words on it.</param>
    /// <param name="judgement">What they come to.</param>
    /// <param name="state">Its counters.</param>
    /// <param name="before">The same destination in the snapshot before; null when it is new.</param>
    public Destination(
        string clusterId,
        DestinationOptions options,
        Standing standing,
        Judgement judgement,
        DestinationState state,
        Destination? before = null)
    {
        ClusterId = clusterId;
        Options = options;
        Standing = standing;
        Judgement = judgement;
        EffectiveWeight = (int)Math.Ceiling(judgement.Weight);
        State = state;
        Weight = standing.PersonsWeight?.Weight ?? options.Weight;
        LastWeight = Weight > 0 ? Weight : before?.LastWeight ?? 0;
        EndPoint = IPAddress.TryParse(options.Address.DnsSafeHost, out var ip)
            ? new IPEndPoint(ip, options.Address.Port)
            : new DnsEndPoint(options.Address.DnsSafeHost, options.Address.Port);
    }

    public string ClusterId { get; }

    public string Id => Options.Id;

    public DestinationOptions Options { get; }

    /// <summary>The probe of the cluster in this snapshot; null is none.</summary>
    public ProbeOptions? Probe { get; init; }

    /// <summary>Whether it is probed at all, if only by an agent, which <see cref="Probe"/> is not.</summary>
    public bool IsProbed { get; init; }

    /// <summary>Its slow start; null when it has none or that was over when the snapshot was made.</summary>
    public Ramp? Ramp { get; init; }

    /// <summary>The words that made <see cref="Judgement"/> what it is.</summary>
    public Standing Standing { get; }

    /// <summary>What the destination may be given, and why.</summary>
    public Judgement Judgement { get; }

    /// <summary>Whether neither a machine nor a person has taken the destination out.</summary>
    public bool IsUp => Judgement.Availability != Availability.Out;

    /// <summary>Whether what is in progress there goes on, as far as that is Gateway's to say: what a person or an agent takes
    /// out keeps its flows, as does what nobody has looked at yet; what a probe or the passive check found dead serves nobody.
    /// </summary>
    public bool KeepsFlows => IsUp || Judgement.DecidedBy == StandingWord.Admin
        || (Standing.Probe != ProbeVerdict.Down && Standing.Passive is null);

    /// <summary>Whether clients that are known there may return: in service, or draining and not yet too late.</summary>
    public bool IsWelcoming => Judgement.WelcomesKnown;

    /// <summary>The configured weight or the one a person set instead, 0 to 65535; whatever the standing.</summary>
    public int Weight { get; }

    /// <summary>The weight schedulers share by, a fraction rounded up: 0 while the destination may get no new clients.
    /// </summary>
    public int EffectiveWeight { get; }

    /// <summary>Most flows in progress at once: the configured limit, or a lower one its agent asks for; 0 is no limit.
    /// </summary>
    public int MaxConnections => Standing.Agent?.MaxConnections is > 0 and var asked
        && (Options.MaxConnections == 0 || asked < Options.MaxConnections) ? asked : Options.MaxConnections;

    /// <summary>The latest <see cref="Weight"/> that was not 0 since the destination was added.</summary>
    public int LastWeight { get; }

    /// <summary>Counters that outlive this snapshot.</summary>
    public DestinationState State { get; }

    /// <summary>Address and port to connect to; a <see cref="DnsEndPoint"/> when the address is a name.</summary>
    public EndPoint EndPoint { get; }

    /// <summary>The same as it stands while machines have no say.</summary>
    public Destination InPanic(DateTimeOffset now) => new(
        ClusterId, Options, Standing,
        Standing.Judge(Options.Weight, initiallyUp: true, now, panic: true), State, this)
    {
        Probe = Probe,
        IsProbed = IsProbed,
    };

    public override string ToString() => $"{ClusterId}/{Id} ({Options.Address.Host}:{Options.Address.Port})";
}
