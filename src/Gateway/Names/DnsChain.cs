namespace Gateway.Names;

/// <summary>What an answer says about a question: the records at the end of its chain of aliases.</summary>
/// <param name="Name">The name at the end of the chain.</param>
/// <param name="Records">Its records of the type; none where the answer ends with the alias.</param>
/// <param name="Ttl">The shortest of all; null when there is nothing.</param>
internal sealed record DnsChain(string Name, IReadOnlyList<DnsRecord> Records, TimeSpan? Ttl)
{
    /// <summary>Follows the aliases (RFC 1034, section 3.6.2). Records of other names, which a server has no business to
    /// send, are passed over.</summary>
    public static DnsChain Of(DnsQuestion question, IReadOnlyList<DnsRecord> answers)
    {
        var (name, ttl) = (question.Name, default(TimeSpan?));
        for (var i = 0; i < answers.Count; i++)
        {
            if (answers.FirstOrDefault(record => record.Type == DnsType.CNAME && IsOf(record, name)) is not { } alias)
            {
                break;
            }

            ttl = Shorter(ttl, alias.Ttl);
            name = alias.Target!;
        }

        var records = answers.Where(record => record.Type == question.Type && IsOf(record, name)).ToArray();
        return new DnsChain(name, records, records.Aggregate(ttl, (shortest, record) => Shorter(shortest, record.Ttl)));
    }

    private static bool IsOf(DnsRecord record, string name) => record.Name.Equals(name, StringComparison.OrdinalIgnoreCase);

    private static TimeSpan? Shorter(TimeSpan? shortest, TimeSpan ttl) => ttl < shortest || shortest is null ? ttl : shortest;
}
