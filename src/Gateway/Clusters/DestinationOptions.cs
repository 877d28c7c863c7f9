namespace Gateway.Clusters;

/// <summary>What the configuration says of one destination of a cluster.</summary>
internal sealed record DestinationOptions
{
    /// <summary>Highest value of <see cref="Weight"/> and of the thresholds, as for <c>ipvsadm</c>.</summary>
    public const int MaxWeight = 65535;

    /// <summary>The key of the destination in the configuration; unique in its cluster.</summary>
    public required string Id { get; init; }

    /// <summary>
    /// Where the destination listens: <c>http://</c>, <c>https://</c>, <c>tcp://</c> or <c>udp://</c>, host and port.
    /// </summary>
    public required Uri Address { get; init; }

    /// <summary>What is looked up when the address is a name.</summary>
    public NameLookup Resolve { get; init; }

    /// <summary>The id in the configuration when this is one address of a name; null when it is as configured.</summary>
    public string? Origin { get; init; }

    /// <summary>The host of the configured address when this is one address of a name; null when it is as configured.</summary>
    public string? Name { get; init; }

    /// <summary>The host that a certificate of the destination is for: that of the configured address, of a service (SRV) its
    /// domain, as RFC 6125 (section 6.2.1) has it.</summary>
    public string CertificateHost
    {
        get
        {
            var host = (Name ?? Address.DnsSafeHost).TrimEnd('.');
            while (host.StartsWith('_') && host.IndexOf('.', StringComparison.Ordinal) is > 0 and var dot)
            {
                host = host[(dot + 1)..];
            }

            return host;
        }
    }

    /// <summary>Share of new flows relative to the other destinations, 0 to 65535. 0 quiesces: known flows go on, no
    /// new ones come.</summary>
    public int Weight { get; init; } = 1;

    /// <summary>Most flows in progress at once; 0 is no limit.</summary>
    public int MaxConnections { get; init; }

    /// <summary>At this many connections the destination counts as overloaded (IPVS <c>u_threshold</c>); 0 is off.</summary>
    public int UpperThreshold { get; init; }

    /// <summary>Below this many connections it stops being overloaded (IPVS <c>l_threshold</c>); 0 is three quarters of
    /// <see cref="UpperThreshold"/>.</summary>
    public int LowerThreshold { get; init; }

    /// <summary>Used only while no destination that is not a backup is ready (a "sorry server").</summary>
    public bool Backup { get; init; }

    /// <summary>The order among backups, 1 to 1000: those of the lowest rank that has one ready serve. Of no meaning for a
    /// destination that is none.</summary>
    public int BackupRank { get; init; } = 1;

    /// <summary>Host name to send over HTTP instead of the address's; null keeps YARP's rule.</summary>
    public string? Host { get; init; }

    /// <summary>Where to probe instead of <see cref="Address"/>, as YARP's <c>Health</c>; null is the address itself.</summary>
    public Uri? ProbeAddress { get; init; }
}
