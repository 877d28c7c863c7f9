using System.Net.Sockets;

namespace Gateway.Names;

/// <summary>Looks names up at DNS servers that are asked in turn, twice each at most.</summary>
internal sealed class DnsNames(NameOptions options, TimeProvider time) : INameSource
{
    private const int Rounds = 2;

    // Chains are one or two long; a loop of aliases would have no end.
    private const int MostAliases = 8;

    // What a service is made of; more would be another kind of thing.
    private const int MostHosts = 64;

    private const int NameError = 3;

    private static readonly DnsType[] _addressTypes = [DnsType.A, DnsType.AAAA];

    public async Task<NameFinding> FindAsync(string name, DnsType type, CancellationToken cancellation)
    {
        try
        {
            var (records, ttl) = await FollowAsync(DnsQuestion.Of(name, type), cancellation);
            return type == DnsType.SRV
                ? await FindHostsAsync(records, ttl, cancellation)
                : new NameFinding([.. records.Select(record => new NameAddress(record.Address!))], ttl);
        }
        catch (Exception e) when (e is FormatException or IOException)
        {
            return NameFinding.Failed(e.Message);
        }
    }

    // RFC 2782: each host of a service has addresses of its own.
    private async Task<NameFinding> FindHostsAsync(
        IReadOnlyList<DnsRecord> services, TimeSpan? ttl, CancellationToken cancellation)
    {
        var found = new List<NameAddress>();
        foreach (var service in Once(services).Take(MostHosts).Where(service => service.Target is { Length: > 0 }))
        {
            var (records, hostTtl) = await FindHostAsync(service.Target!, cancellation);
            ttl = hostTtl < ttl ? hostTtl : ttl;
            found.AddRange(Once(records).Select(record => new NameAddress(record.Address!)
            {
                Port = service.Port,
                Priority = service.Priority,
                Weight = service.Weight,
            }));
        }

        return new NameFinding(found, ttl);
    }

    // RFC 2181, section 5.2: the same record twice means no more than once. Here the weights would add up.
    private static IEnumerable<DnsRecord> Once(IReadOnlyList<DnsRecord> records) =>
        records.DistinctBy(record => record.Text, StringComparer.OrdinalIgnoreCase);

    // Some servers that have addresses of one kind refuse to speak of the other.
    private async Task<(IReadOnlyList<DnsRecord> Records, TimeSpan? Ttl)> FindHostAsync(
        string host, CancellationToken cancellation)
    {
        var (records, ttl, problem) = (new List<DnsRecord>(), default(TimeSpan?), default(IOException));
        foreach (var type in _addressTypes)
        {
            try
            {
                var (found, foundTtl) = await FollowAsync(DnsQuestion.Of(host, type), cancellation);
                records.AddRange(found);
                ttl = foundTtl < ttl || ttl is null ? foundTtl : ttl;
            }
            catch (IOException e)
            {
                problem = e;
            }
        }

        return records.Count > 0 || problem is null ? (records, ttl) : throw problem;
    }

    /// <summary>The records of a question, by way of aliases, and how long all of it holds.</summary>
    private async Task<(IReadOnlyList<DnsRecord> Records, TimeSpan? Ttl)> FollowAsync(
        DnsQuestion question, CancellationToken cancellation)
    {
        TimeSpan? ttl = null;
        for (var asked = 0; asked < MostAliases; asked++)
        {
            var response = await AskAsync(question, cancellation);
            if (response.Code is not 0 and not NameError)
            {
                throw new IOException(response.CodeText);
            }

            var chain = DnsChain.Of(question, response.Answers);
            ttl = chain.Ttl < ttl || ttl is null ? chain.Ttl ?? ttl : ttl;
            if (chain.Records.Count > 0 || chain.Name == question.Name || response.Code == NameError)
            {
                return (chain.Records, ttl);
            }

            question = question with { Name = chain.Name };
        }

        throw new IOException($"more than {MostAliases} aliases");
    }

    private async Task<DnsResponse> AskAsync(DnsQuestion question, CancellationToken cancellation)
    {
        var problem = "no server";
        for (var i = 0; i < Rounds * options.Servers.Count; i++)
        {
            var server = options.Servers[i % options.Servers.Count];
            using var limit = new CancellationTokenSource(options.Timeout, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
            try
            {
                var response = await DnsClient.AskAsync(server, question, either.Token);
                if (response.Code is 0 or NameError)
                {
                    return response;
                }

                problem = $"{response.CodeText} from {server}";
            }
            catch (Exception e) when (e is SocketException or IOException or OperationCanceledException)
            {
                cancellation.ThrowIfCancellationRequested();
                problem = e is SocketException socket ? $"{socket.SocketErrorCode} at {server}"
                    : e is OperationCanceledException ? $"no answer from {server}"
                    : $"{e.Message} at {server}";
            }
        }

        throw new IOException(problem);
    }
}
