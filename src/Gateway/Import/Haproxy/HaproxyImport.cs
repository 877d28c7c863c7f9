using System.Globalization;

namespace Gateway.Import.Haproxy;

/// <summary>Translates haproxy.cfg: http frontends become listeners and routes, tcp frontends virtual servers, backends clusters.</summary>
internal sealed class HaproxyImport
{
    private readonly Blueprint _blueprint;
    private readonly List<Proxy> _proxies = [];

    private HaproxyImport(Blueprint blueprint) => _blueprint = blueprint;

    public static IReadOnlyList<Statement> Read(SourceText text, Draft draft)
    {
        var file = HaproxyReader.Read(text);
        var import = new HaproxyImport(new Blueprint(draft));
        import.Sections(file);
        import.Proxies();
        Rest(file);
        return file;
    }

    private void Sections(IReadOnlyList<Statement> file)
    {
        Statement? defaults = null;
        string? Global(string name) =>
            file.Where(section => section.Name == "global").SelectMany(section => section.Body).LastOrDefault(line => line.Name == name)?.Value;

        foreach (var section in file)
        {
            switch (section.Name)
            {
                case "defaults":
                    defaults = section;
                    section.Same(section.Value.Length > 0 ? $"for all below it, and for those that are 'from {section.Value}'" : null);
                    break;
                case "frontend" or "backend" or "listen":
                    _ = section.Value;
                    var name = section.After("from");
                    var from = name is null ? null : file.LastOrDefault(other => other.Name == "defaults" && other.Words.ElementAtOrDefault(1) == name);
                    if (name is not null && from is null)
                    {
                        section.Approximated($"there are no defaults '{name}'; those above it hold");
                    }

                    _proxies.Add(new Proxy(section, from ?? defaults)
                    {
                        DefaultVerify = Global("ssl-server-verify") == "none" ? "none" : "required",
                        CertificateBase = Global("crt-base"),
                        AuthorityBase = Global("ca-base"),
                    });
                    section.Same();
                    break;
                case "global":
                    section.Same("of the program haproxy");
                    GlobalImport.Translate(section, _blueprint);
                    break;
                default:
                    section.JudgeAll(Verdict.Impossible, section.Name switch
                    {
                        "peers" => "tables are not copied to other nodes",
                        "resolvers" => "names are looked up by the system's resolver: see Names",
                        "userlist" => "requests are not asked for passwords: what asks for them, Gateway LETS THROUGH",
                        "mailers" => "Gateway sends no mail: alert on its metrics",
                        "cache" => "nothing is cached",
                        _ => "Gateway has no such section",
                    });
                    break;
            }
        }
    }

    private void Proxies()
    {
        // Clusters first: a frontend needs their names.
        foreach (var proxy in _proxies.Where(proxy => proxy.Section.Name is "backend" or "listen" && !IsFrontOnly(proxy)))
        {
            new BackendImport(_blueprint, proxy, _proxies).Translate();
        }

        foreach (var proxy in _proxies.Where(proxy => proxy.IsDisabled))
        {
            LeaveOut(proxy);
        }

        var fronts = _proxies.Where(proxy => proxy.Section.Name is "frontend" or "listen" && !proxy.IsDisabled).ToList();
        var isAlone = fronts.Count(proxy => proxy.IsHttp && BindAddress.Ports(proxy).Any()) <= 1;
        var ports = new Dictionary<int, string>();
        var order = 0;
        foreach (var proxy in fronts)
        {
            if (proxy.IsHttp)
            {
                // Routes see the port of a request and not the address it came to.
                var shared = BindAddress.Ports(proxy).FirstOrDefault(port => !ports.TryAdd(port, proxy.Name));
                if (shared != 0)
                {
                    LeaveOut(proxy, shared, ports[shared]);
                }
                else
                {
                    new HttpFrontendImport(_blueprint, proxy, _proxies, isAlone).Translate(ref order);
                }
            }
            else
            {
                new TcpFrontendImport(_blueprint, proxy, _proxies).Translate();
            }
        }
    }

    /// <summary>haproxy does not start it either; what leads to its backend is answered 503.</summary>
    private static void LeaveOut(Proxy proxy)
    {
        const string Why = "of a proxy that is disabled, and left out";
        proxy.Section.Same("disabled: left out" + (proxy.Section.Name == "frontend" ? "" : "; its cluster has no destination"));
        foreach (var line in proxy.Section.Body)
        {
            line.Whole(Verdict.Same, Why);
        }
    }

    private static void LeaveOut(Proxy proxy, int port, string owner)
    {
        var why = string.Create(CultureInfo.InvariantCulture,
            $"{owner} has port {port} too, and routes do not tell listeners of one port apart: it is left out");
        proxy.Section.Impossible(why);
        foreach (var line in proxy.Section.Body.Where(line => line.Name is "bind" or "use_backend" or "default_backend"))
        {
            line.Impossible(why);
        }
    }

    /// <summary>Whether a <c>listen</c> is nothing but a frontend: it has a backend of another name, and no servers.</summary>
    private static bool IsFrontOnly(Proxy proxy) => proxy.Section.Name == "listen" && proxy.Find("default_backend") is not null
        && !proxy.Section.Body.Exists(line => line.Name is "server" or "server-template");

    private static void Rest(IReadOnlyList<Statement> file)
    {
        foreach (var line in file.Where(section => section.Name is "frontend" or "backend" or "listen" or "defaults").SelectMany(s => s.Body))
        {
            if (!line.IsJudged)
            {
                OtherLines.Judge(line);
            }
        }
    }
}
