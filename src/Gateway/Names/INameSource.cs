namespace Gateway.Names;

/// <summary>Where names are looked up.</summary>
internal interface INameSource
{
    /// <summary>Asks for the records of one type: <see cref="DnsType.A"/>, <see cref="DnsType.AAAA"/> or
    /// <see cref="DnsType.SRV"/>, the hosts of the last with all their addresses. What goes wrong is a finding.</summary>
    Task<NameFinding> FindAsync(string name, DnsType type, CancellationToken cancellation);
}
