using System.Globalization;
using System.Text.RegularExpressions;

namespace Gateway.Import.Nginx;

/// <summary>One <c>server</c> of <c>http</c>: its names and its ports.</summary>
internal sealed partial class HttpServer
{
    /// <summary>Orders between which the servers with stars lie, longer names first.</summary>
    private const int Exact = 0;
    private const int Default = 1000;

    private readonly List<string> _names = [];

    public HttpServer(Statement block)
    {
        Block = block;
        foreach (var statement in block.Body.Where(statement => statement.Name == "server_name"))
        {
            statement.Same();
            foreach (var name in statement.Arguments)
            {
                Add(statement, name);
            }
        }

        Name = _names.Count > 0 ? _names[0].Replace("*.", "", StringComparison.Ordinal) : "server";
    }

    public Statement Block { get; }

    public string Name { get; }

    /// <summary>The ports it is listened on.</summary>
    public HashSet<int> Ports { get; } = [];

    /// <summary>The ports where it is the one for requests whose name no server has.</summary>
    public HashSet<int> DefaultPorts { get; } = [];

    public IReadOnlyList<string> Names => _names;

    /// <summary>Whether it has requests that would else be the default server's.</summary>
    public bool HasOwnHosts => _names.Count > 0 && Ports.Except(DefaultPorts).Any();

    /// <summary>Whether a location is one of its own, at any depth.</summary>
    public bool Owns(Statement statement) => Block.All().Contains(statement);

    /// <summary>The hosts of its routes with the order they are looked at; no host is any.</summary>
    /// <param name="isOnePort">Whether all servers have one port, so that hosts need not name it.</param>
    /// <param name="hasStars">Whether any server has a name with a star, which comes behind exact names, those of the default server too.
    /// </param>
    public IEnumerable<(int Order, IReadOnlyList<string> Hosts)> Hosts(bool isOnePort, bool hasStars)
    {
        // Else a default server has the requests for its own names anyway.
        var named = hasStars ? [.. Ports] : Ports.Except(DefaultPorts).ToList();
        if (named.Count > 0 && _names.Count > 0)
        {
            var longest = _names.Where(name => name.StartsWith('*')).Select(name => name.Length).DefaultIfEmpty().Max();
            yield return (longest == 0 ? Exact : Default - Math.Min(longest, Default - 1), With(_names, named, isOnePort));
        }

        if (DefaultPorts.Count > 0)
        {
            yield return (Default, isOnePort ? [] : With(["*"], DefaultPorts, isOnePort));
        }
    }

    private static List<string> With(IEnumerable<string> names, IEnumerable<int> ports, bool isOnePort) => isOnePort ? [.. names]
        : [.. names.SelectMany(name => ports.Select(port => string.Create(CultureInfo.InvariantCulture, $"{name}:{port}")))];

    private void Add(Statement statement, string name)
    {
        if (name is "_" or "")
        {
            return;
        }

        if (name.StartsWith('.') && HostForm().IsMatch(name[1..]))
        {
            _names.Add(name[1..]);
            _names.Add("*" + name);
        }
        else if (HostForm().IsMatch(name))
        {
            _names.Add(name);
        }
        else
        {
            statement.Impossible($"a route cannot match the name {name}: its requests go to the default server of the listener");
        }
    }

    [GeneratedRegex(@"^(\*\.)?[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$")]
    private static partial Regex HostForm();
}
