namespace Gateway.Names;

/// <summary>Types of DNS records, by their numbers (RFC 1035, section 3.2.2; RFC 3596; RFC 2782).</summary>
internal enum DnsType : ushort
{
    A = 1,
    NS = 2,
    CNAME = 5,
    SOA = 6,
    PTR = 12,
    MX = 15,
    TXT = 16,
    AAAA = 28,
    SRV = 33,
}
